"""Family names from around the world that the US Census list is short of. Put together by hand; lower case."""

FAMILIES = """
aalto abadi abara abdi abdullayev abramov acheampong achebe achterberg adamczyk adamopoulos adebayo adekunle adeleke
adeyemi afolabi aguilar aguirre ahlberg ahmadi ahmadov ahola akhtar akintola akpan al-farsi al-hashimi al-masri
al-rashid alanko alekseev aliyev allard almeida alonso altmann alves amadi amin andersson ando andrade andreev ansari
antonov antunes anyanwu aoki aquino arai araújo arslan asante aslan ataman auer avila ayala aydın azevedo baars babić
bachmann bajwa bakker bala balogh banerjee baran baranov barbieri barbosa barros barry barta bartoš basu batista bauer
baumann beauchamp beaulieu becker begum bello belov benali benítez berg berger berglund bergström bernard bernardi
bertrand bhat bhatt bhattacharya bianchi bielecki bijl blom blomqvist bodnar boer bogdanov boivin bojko bondarenko
borisov bos bose botha bouchard boucher bouvier boyko brandt branković braun breton brož bruno bruyn bui bunea bąk
cabrera calvo campos cano cardoso carlsson carvalho castillo castro cattaneo chakraborty chakravarty chandra chatterjee
chaudhary chaudhry chavez chebotarev chen cheng chevalier chikwanha chinwe cho choi chopra chowdhury christensen
christiansen christodoulou chukwu chukwuma cisse clausen coelho colombo constantin conteh conti contreras corbeau
cornelissen correia cortés costa coulibaly courtois cruz cvetković czarnecki da-silva dahl dahlberg dahlgren daniels
danielsson danjuma das datta david davidson de-jong deguchi dekker delacroix delgado delvaux demir demirci deshmukh
deshpande diallo diaz dijkstra dimitrov dimitrova dimopoulos ding dinh diop disanto dlamini do doan dobrowolski dogan
domingo dominguez domínguez dostál doğan dragić dragomir drozd du duarte dubois dudek dumitrescu dumont duong dupont
durand dutta dvořák dvořáková egger eide ek ekholm eklund eriksen eriksson ertl espinoza esposito estrada evers eze
eşref fabbri falk fall faria farkaš farrokhzad faye fedorov fekete feng fernandes fernández ferrara ferrari ferreira
ferrer ferri fiala filip filippov fischer florea flores fontaine fontana forsberg fournier franco frank franke
fredriksen freitas friedrich fuchs fujii fujimoto fujita fujiwara fukuda gagnon gaile galli gallo gandhi gao garcía
gashi gauthier gavrilov georgiev georgiou gerber ghosh giannopoulos gil giordano girard giraud golubev gomes gong
gonzález gonçalves goto govender greco grgić grigoryan groen groot gruber guerin guerra guerrero gueye guillot gunawan
guo gupta gustafsson gustavsson gutierrez guzmán gómez górski gül haapala haas haddad haider hakimi halvorsen han
hansen hansson harada hartmann hasegawa hashimoto hassan haugen hayashi he hedlund heikkilä heikkinen heinonen heinrich
hendriks hermans hernández herrera herrmann hidalgo hiltunen hirano hoang hoekstra hofer hoffmann holm holmberg
holmström hong horvat horváth horák hossain hosseini hou hrubý hu huang huber hubert huovinen hussein huynh hájek
häkkinen hämäläinen ibarra ibrahimović ibáñez iglesias ikeda inoue ionescu isaksson ishibashi ishida ishii ishikawa
ismail ito ivanov ivanova ivanović iwasaki jacobsen jacobsson jafari jain jakobsen jalloh jankowski jansen janssen
jansson jensen jha jiang jiménez jin johannessen johansen johansson jokinen joshi jovanović juarez juhász jung jurić
jørgensen kaczmarek kadiev kaiser kalnins kalniņš kamara kamau kamiński kang kannan kapoor karakaya karjalainen karlsen
karlsson kato katz kaur kawaguchi kawasaki kaya keita keller kemppainen keskin kessler khalil khan khumalo kikuchi
kimura kiptoo király kiss kivimäki kjær klein knežević knudsen kobayashi koch kocsis koga koivisto koivunen kolar kondo
kone korhonen koroma koskela koskinen koster kostić kovalchuk kovalenko kovalev kovač kovačević kovács kovář kowalczyk
kowalska kowalski kozlov kozłowski kramer kraus krause kristensen kristiansen król kröger krüger kubo kudo kuhn
kulkarni kumar kurt kuusisto kuznetsov kučera kvarme kwiatkowski köhler könig kühn kılıç laaksonen labbe lahti lahtinen
laine laitinen lam lambert lang langer larsen larsson latif lau laurent lavoie lebedev leblanc leclerc leclercq
lefebvre lefèvre legrand lehmann lehtinen lehtonen leitner lemaire leroy lewandowski li lian liang liao lim lima lin
lindberg lindgren lindholm lindqvist lindström liu lombardi lopes lozano lu ludwig lund lundberg lundgren lundin
lundqvist lungu luo lyubimov lê lópez ma maas mabuza macedo machado madsen maeda magnusson magyar mahmoud makarov malik
malinowski mancini mann marchal marchetti marešová marini marino marinov marić marković marques martens martinelli
martinez martini martins martínez maruyama marín masson matos matsuda matsui matsumoto matsuoka maurer mayer mazur
mbaye mbeki medina medvedev mehra mehta meier meijer meister mendes mendoza menon mercier messina meunier meyer meyers
mihai mikhailov mikkelsen miller milošević mishra mistry mitra mitrović miura miyamoto miyazaki mizuno mochizuki moen
mohammadi mohan mokoena molina molnár monnier monteiro montes mora morais moreau moreira moreno moretti mori morin
morozov morvan moser moyo mukherjee mulder murakami muraoka mustafa mutua muñoz mwangi myhre mäkelä mäkinen müller
müllerová nagy naidoo naidu nair nakagawa nakajima nakamura nakano nakashima nakayama nandi narayanan nascimento
navarro ndiaye ndlovu nel neri nesbø neumann neumayer ngo nguyen nguyễn nielsen nieminen nieto nikolaev nikolaou
nikolić nikolov nilsen nilsson nishimura njoroge nkosi noack nogueira nomura nordin novotná novotný novák nováková
nowak nunes nwosu nyberg nykänen németh núñez oberoi obi obuya ochoa oda odhiambo oduya ogawa ogundipe ogunleye ojala
okada okafor okamoto okeke okonkwo okoye oksanen olatunji oliveira olsen olsson olszewski oláh omondi ono onyango
onyeka orlov orosz orozco ortega ortiz osman ota otieno ouattara paananen pacheco padilla palmieri pan pandey pang pap
papadopoulos papp parikh pasanen patel pavlov pavlović pawłowski pedersen pellegrini pelletier peng pereira perrin
perrot persson pesonen peters petersen petersson petit petković petrenko petrescu petrov petrović peña pham phan
pieters pietrzak piirainen pillai pinto pires pirogova pitkänen pohl poirier pokorný polat ponce pons popa popescu
popov popović portier posthumus prasad pretorius prieto procházka puig puska pérez pătraşcu qian qin quispe qureshi
radić radu rafiq rahimi rahman rajkovič ramadan ramos ramírez rana ranta rantanen rao rasmussen rastogi rautiainen ravn
reddy reiter reyes reyna rezaei ribeiro ricci richter rinaldi rinne rios ritter rivera rizzo robertsen rocha rodrigues
rodríguez rojas romano romero rossi roth rousseau roussel roux roy rubio ruiz ruud ryan-bell rácz różański saarinen
sahin saito sakai sakamoto salazar salminen salo salonen samaras sandberg sanders sano santana santoro santos sardar
sasaki sato savolainen schaefer scherer schmid schmidt schmitt schneider schreiber schröder schubert schulte schultz
schulz schulze schumacher schuster schwarz schäfer seidel sekine senghor seppälä serrano sesay sethi shah shaikh sharma
shehu shimada shimizu shrestha siddiqui sidorov silva silvestri simić simonsen simón singh sinha sirén skála smirnov
smit smits soares sokolov solberg sommer song sosa sousa souza sow stanković stefanović stein steiner stoica stojanović
strand ström su suarez subramanian sugiyama sun sundberg sundqvist suominen suzuki suárez svensson svoboda szabo szabó
szalai szewczyk szymański sánchez sørensen takagi takahashi takeda takeuchi takács talvitie tamm tamura tan tanaka tang
taniguchi tao tavares teixeira teo thapa theodorou thi thomsen tian tikhonov tiwari todorov todorović toivonen tomić
torres toure tran traore tremblay tshabalala tuomi turunen tutu tóth uche uchida ueda ueno urban urbański uzun valdez
valkonen van-dijk vanhanen varga vargas vargová varma vasile vasilev vasquez vega veiga venter verma vermaak vermeulen
vidal vieira vigh vila villa villanueva virtanen visser vitale vo vogel vogt volkov vos vrba vu vuković väisänen wada
wagner walter wanjiku wanjiru watanabe weber wei weiss werner westerlund wiśniewska wiśniewski wolf wolff wong woźniak
wróbel wu wójcik xie xu yamada yamaguchi yamamoto yamashita yamazaki yang yildirim ying yokoyama yoshida yuan yusuf
yáñez yıldız yılmaz zając zakharov zamora zapata zawadzki zelenka zeman zhang zhao zheng zhou zhu ziegler zielińska
zieliński zimmermann zorić zulu zuniga závodná álvarez åström çakır çelik öhman öner özdemir öztürk ünal ćetković černá
černý đorđević şahin şen šebek škoda živković žukauskas
"""
