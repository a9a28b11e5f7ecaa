"""Family names from around the world that the US Census list is short of. Put together by hand; lower case."""

FAMILIES = """
aalto abadi abdi abdullayev abramov achterberg adamczyk adamopoulos adebayo adeleke adeyemi afolabi aguilar aguirre
ahlberg ahmadi ahmadov ahola akhtar akintola akpan al-farsi al-masri al-rashid alanko alekseev aliyev allard almeida
alonso altmann álvarez alves amadi amin ando andersson andrade andreev ansari antonov antunes aoki aquino arai araújo
arslan asante aslan åström ataman auer avila aydın ayala azevedo baars babić bachmann bajwa bakker bala balogh banerjee
baran baranov barbosa barbieri barros barta bartoš basu batista bauer baumann bąk becker beauchamp beaulieu begum belov
benali benítez berg berger berglund bergström bernard bernardi bertrand bhat bhatt bhattacharya bianchi bielecki bijl
blom blomqvist bodnar boer bogdanov boivin bojko bondarenko borisov bos bose boucher bouchard bouvier boyko brandt
branković braun breton brož bruno bruyn bunea bui cabrera çakır calvo campos cano cardoso carlsson carvalho castillo
castro cattaneo çelik černá černý ćetković chakraborty chakravarty chandra chatterjee chaudhary chaudhry chavez
chebotarev chen cheng chevalier chikwanha chinwe cho choi chopra chowdhury christensen christiansen christodoulou
chukwu clausen coelho colombo constantin conti contreras corbeau cornelissen correia cortés costa coulibaly courtois
cruz cvetković czarnecki da-silva dahl dahlberg dahlgren das datta davidson daniels danielsson david de-jong deguchi
dekker delacroix delgado delvaux demir demirci deshmukh deshpande diaz dijkstra dimitrov dimitrova dimopoulos ding diop
disanto dinh do doan dobrowolski đorđević dogan domingo dominguez domínguez dostál doğan dragić drozd du dubois dudek
dumitrescu dumont duong duarte dupont durand dutta dvořák dvořáková egger eide ek ekholm eklund eriksen eriksson ertl
eşref espinoza esposito estrada evers fabbri falk farkaš faria fedorov feng fekete fernandes fernández ferrara ferrari
ferreira ferrer ferri fiala filip filippov fischer flores florea fontaine fontana fournier forsberg franco franke frank
fredriksen freitas friedrich fuchs fujii fujimoto fujita fujiwara fukuda gagnon gaile gallo galli gandhi gao garcía
gashi gauthier gavrilov georgiev georgiou gerber ghosh giannopoulos gil giordano girard giraud golubev gomes gómez
gonçalves gong gonzález górski goto greco grgić grigoryan groen groot gruber guerra guerrero guerin guillot gül gunawan
guo gupta gustafsson gustavsson gutierrez guzmán haas haapala haddad haider hájek hakimi häkkinen halvorsen hämäläinen
han hansen hansson harada hartmann hasegawa hashimoto hassan haugen hayashi he hedlund heikkilä heikkinen heinonen
heinrich hendriks hermans hernández herrera herrmann hidalgo hiltunen hirano hoang hoekstra hofer hoffmann holm
holmberg holmström hong horák horvat horváth hossain hosseini hou hrubý hu huang hubert huber huovinen huynh hussein
ibarra ibáñez ibrahimović iglesias ikeda inoue ionescu isaksson ishibashi ishida ishii ishikawa ismail ito ivanov
ivanova ivanović iwasaki jacobsen jacobsson jafari jain jakobsen jankowski jansen janssen jansson jensen jha jiang
jiménez jin johannessen johansen johansson jokinen jørgensen joshi jovanović juarez juhász jung jurić kaczmarek kadiev
kaiser kalnins kalniņš kamiński kang kannan kapoor karakaya karjalainen karlsen karlsson kato katz kaur kawaguchi
kawasaki kaya keller kemppainen keskin kessler khalil khan kikuchi kimura kılıç király kiss kivimäki kjær klein
knežević knudsen kobayashi koch kocsis koga köhler koivisto koivunen kolar kondo könig korhonen koskela koskinen koster
kostić kovač kovačević kovács kovalchuk kovalenko kovalev kovář kowalczyk kowalska kowalski kozłowski kozlov kramer
kraus krause kristensen kristiansen kröger król krüger kubo kučera kudo kuhn kühn kulkarni kumar kurt kuusisto
kuznetsov kvarme kwiatkowski laaksonen labbe lahti lahtinen laine laitinen lam lambert lang langer larsen larsson latif
lau laurent lavoie lê lebedev leblanc leclerc leclercq lefebvre lefèvre legrand lehmann lehtinen lehtonen leitner
lemaire leroy lewandowski li lian liang liao lim lima lin lindberg lindgren lindholm lindqvist lindström liu lópez
lombardi lopes lozano lu ludwig luo lund lundberg lundgren lundin lundqvist lungu lyubimov ma macedo machado maas
madsen maeda magnusson magyar mahmoud mäkelä mäkinen makarov malik malinowski mancini mann marchetti marchal marešová
marić marín marini marino marinov marković marques martens martinez martínez martinelli martini martins maruyama masson
matos matsuda matsui matsumoto matsuoka maurer mayer mazur medina medvedev mehra mehta meier meijer meister mendes
mendoza menon mercier messina meunier meyer meyers mihai mikkelsen mikhailov miller milošević mishra mistry mitra
mitrović miura miyamoto miyazaki mizuno mochizuki moen mohammadi mohan molina molnár monnier monteiro montes mora
morais moreau moreira moreno moretti mori morin morozov morvan moser mukherjee müller mulder müllerová muñoz murakami
muraoka mustafa mutua mwangi myhre nagy naidu nair nakagawa nakajima nakamura nakano nakashima nakayama nandi narayanan
nascimento navarro nel németh neri nesbø neumann neumayer ngo nguyễn nguyen nielsen nieminen nieto nikolaev nikolaou
nikolić nikolov nilsen nilsson nishimura nkosi noack nogueira nomura nordin nováková novák novotná novotný nowak núñez
nunes nyberg nykänen oberoi obi ochoa oda ogawa öhman ojala okada okafor okamoto okeke okonkwo okoye oksanen oláh
oliveira olsen olsson olszewski omondi öner ono onyango orlov orosz orozco ortega ortiz osman otieno ota öztürk özdemir
paananen padilla pacheco palmieri pan pandey pang pap papadopoulos papp parikh pasanen patel pătraşcu pavlov pavlović
pawłowski pedersen pellegrini pelletier peña peng pereira pérez perrin perrot persson pesonen peters petersen petersson
petit petković petrenko petrescu petrov petrović pham phan pieters pietrzak piirainen pillai pinto pires pirogova
pitkänen pohl pokorný poirier polat pons ponce popa popescu popov popović portier posthumus prasad prieto procházka
puig puska qian qin quispe qureshi rácz radić radu rafiq rahimi rahman rajkovič ramadan ramírez ramos rana ranta
rantanen rao rasmussen rastogi rautiainen ravn reddy reiter reyes reyna ribeiro ricci richter rinaldi rinne rios ritter
rivera rizzo robertsen rocha rodrigues rodríguez rojas romano romero rossi roth rousseau roussel roux roy różański
rubio ruiz ruud ryan-bell saarinen sahin şahin saito sakai sakamoto salazar salminen salo salonen samaras sánchez
sandberg sanders sano santana santoro santos sardar sasaki sato savolainen schaefer schäfer scherer schmid schmidt
schmitt schneider schreiber schröder schubert schulte schultz schulz schulze schumacher schuster schwarz šebek seidel
seppälä sekine şen serrano sethi shah shaikh sharma shehu shimada shimizu shrestha siddiqui sidorov silva silvestri
simić simón simonsen singh sinha sirén škoda skála smirnov smit smits soares sokolov solberg sommer song sørensen sosa
sousa souza stanković stefanović steiner stein stoica stojanović strand ström su suarez suárez subramanian sugiyama sun
sundberg sundqvist suominen suzuki svensson svoboda szabo szabó szalai szewczyk szymański takács takagi takahashi
takeda takeuchi talvitie tamm tamura tan tanaka tang taniguchi tao tavares teixeira teo thapa theodorou thi thomsen
tian tikhonov todorov todorović tóth toivonen tomić torres tran tremblay tuomi turunen uchida ueda ueno ünal urban
urbański uzun väisänen valdez valkonen van-dijk vanhanen varga vargas vargová varma vasile vasilev vasquez vega veiga
vermeulen verma vermaak vidal vieira vigh vila villa villanueva virtanen visser vitale vo vogel vogt volkov vos vrba
vuković vu wada wagner walter wanjiku watanabe weber wei weiss werner westerlund wiśniewska wiśniewski wójcik wolf
wolff wong woźniak wróbel wu xie xu yamada yamaguchi yamamoto yamashita yamazaki yang yáñez yılmaz yildirim yıldız ying
yokoyama yoshida yuan yusuf zając zakharov zamora zapata závodná zawadzki zelenka zeman zhang zhao zheng zhou zhu
ziegler zielińska zieliński zimmermann živković zorić zuniga žukauskas
"""
